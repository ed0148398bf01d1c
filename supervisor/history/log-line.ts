/**
 * Lines of attempt logs: JSON with task and attempt on each, so that the lines of many attempts may stand mixed in one
 * file and a line torn by a power cut costs only itself.
 */
export interface LogLine {
  /** ms since 1970. */
  readonly at: number;
  readonly level: string;
  readonly text: string;
}

const logLineCharsMax = 16_384;

/** @returns the text as it is kept */
export function clip(text: string): string {
  return text.length <= logLineCharsMax ? text : `${text.slice(0, logLineCharsMax)}… (${text.length} characters)`;
}

export function formatLine(taskId: string, attempt: number, { at, level, text }: LogLine): string {
  return `{"at":${Math.trunc(at)},${mark(taskId, attempt)},"level":${JSON.stringify(level)},"text":${JSON.stringify(text)}}\n`;
}

function mark(taskId: string, attempt: number): string {
  return `"task":${JSON.stringify(taskId)},"attempt":${attempt}`;
}

/** Bytes by which the lines of one attempt are found among others without parsing those. */
export function needleOf(taskId: string, attempt: number): Buffer {
  return Buffer.from(`,${mark(taskId, attempt)},"level":`);
}

/** Null when it is not a whole line of that attempt. */
export function parseLogLine(line: string, taskId: string, attempt: number): LogLine | null {
  try {
    const { task, attempt: number, at, level, text } = JSON.parse(line);
    return task === taskId && number === attempt ? { at, level, text } : null;
  } catch {
    return null;
  }
}

/** A file of the pipelines folder, read: a pipeline, or its mistakes with their lines. */
import type { Mistake } from './core/refusal.ts';
import type { Pipeline } from './core/run/pipeline.ts';
import { checkPipeline } from './core/run/pipeline-input.ts';
import { type Checked, isMembers } from './core/task-input.ts';
import { yamlDocuments } from './intake/yaml-documents.ts';
import { placed, withLine } from './placed-mistakes.ts';

/** @param file its name is that of the pipeline, where it names none */
export function readPipeline(text: string, file: string): Checked<Pipeline> {
  const read = yamlDocuments(text);
  if (!read.ok) return { ok: false, mistakes: read.mistakes.map(withLine) };
  const [document] = read.documents;
  if (!document || read.documents.length > 1) return wrong('$', 'must hold one pipeline: "name" and "stages"');
  const name = file.replace(/\.ya?ml$/, '');
  const checked = checkPipeline(isMembers(document.value) ? { name, ...document.value } : document.value);
  if (checked.ok) return checked;
  return { ok: false, mistakes: placed(document, checked.mistakes) };
}

export function wrong(path: string, message: string): { ok: false; mistakes: readonly Mistake[] } {
  return { ok: false, mistakes: [{ path, message }] };
}

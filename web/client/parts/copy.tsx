/** A command or a text with a button that copies it; over plain HTTP, where the clipboard is closed, by selecting it. */
import { useRef } from 'preact/hooks';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';
import { toast } from './toasts.tsx';

async function copy(from: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(from.textContent ?? '');
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    const done = document.execCommand('copy');
    if (done) getSelection()?.removeAllRanges();
    return done;
  }
}

export function Copyable({ text }: { text: string }) {
  const code = useRef<HTMLElement>(null);
  const click = async () => {
    if (!code.current) return;
    if (await copy(code.current)) toast(say().do.copied);
    else toast(say().do.copyFailed, null, 'bad');
  };
  return (
    <div class="copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code ref={code}>{text}</code>
      </pre>
      <button type="button" class="quiet" onClick={click}>
        <Icon name="copy" />
        {say().do.copy}
      </button>
    </div>
  );
}

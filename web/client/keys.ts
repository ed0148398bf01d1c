/**
 * Keys: one listener for the page. A page or a list adds its own while it stands; the newest wins. Keys never act
 * while somebody types, and while a dialog is open only the dialog has them.
 */
import { useEffect, useRef } from 'preact/hooks';

/** By key, or by two in a row: `{ j: next, 'g t': openTasks }`. */
export type KeyTable = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const tables: (() => KeyTable)[] = [];
const secondKeyWithinMs = 1_500;
let first = '';
let firstAt = 0;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && target.type === 'checkbox')
  );
}

function find(key: string): ((event: KeyboardEvent) => void) | undefined {
  for (const table of [...tables].reverse()) {
    const act = table()[key];
    if (act) return act;
  }
  return undefined;
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  if (typing(event.target) || document.querySelector('dialog[open]')) return;
  const second = event.timeStamp - firstAt < secondKeyWithinMs ? find(`${first} ${event.key}`) : undefined;
  const act = second ?? find(event.key);
  first = second ? '' : event.key;
  firstAt = event.timeStamp;
  if (!act) return;
  event.preventDefault();
  act(event);
});

export function useKeys(table: KeyTable): void {
  const latest = useRef(table);
  latest.current = table;
  useEffect(() => {
    const mine = () => latest.current;
    tables.push(mine);
    return () => {
      tables.splice(tables.indexOf(mine), 1);
    };
  }, []);
}

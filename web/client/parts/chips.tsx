/** Some of a few known names, each a chip that is pressed or not; none pressed means all. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { say } from '../language.ts';

interface ChipsProps<T extends string> {
  name: string;
  known: readonly T[];
  chosen: readonly T[];
  change(chosen: readonly T[]): void;
  word(one: T): ComponentChildren;
}

/** On a phone the chips are wider than the page; what is asked for must be seen. */
function showPressed(chips: HTMLElement): void {
  const pressed = chips.querySelector('[aria-pressed="true"]')?.getBoundingClientRect();
  const frame = chips.getBoundingClientRect();
  if (!pressed || (pressed.left >= frame.left && pressed.right <= frame.right)) return;
  chips.scrollLeft += pressed.left + pressed.width / 2 - (frame.left + frame.width / 2);
}

export function Chips<T extends string>({ name, known, chosen, change, word }: ChipsProps<T>) {
  const toggle = (one: T) => {
    const others = chosen.filter((other) => other !== one);
    change(others.length < chosen.length ? others : known.filter((other) => other === one || chosen.includes(other)));
  };
  const self = useRef<HTMLFieldSetElement>(null);
  useLayoutEffect(() => {
    if (self.current) showPressed(self.current);
  }, [chosen]);
  return (
    <fieldset ref={self} class="chips">
      <legend class="unseen">{name}</legend>
      <button type="button" class="chip" aria-pressed={chosen.length === 0} onClick={() => change([])}>
        {say().list.allStates}
      </button>
      {known.map((one) => (
        <button key={one} type="button" class="chip" aria-pressed={chosen.includes(one)} onClick={() => toggle(one)}>
          {word(one)}
        </button>
      ))}
    </fieldset>
  );
}

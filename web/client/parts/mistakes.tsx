/** A file that could not be used: what is wrong at which place in it, as the server says it, and what follows from that. */
import type { ComponentChildren } from 'preact';
import type { Mistake } from '../../../supervisor/core/refusal.ts';
import { SeverityWord } from './state-word.tsx';

interface MistakesProps {
  title: ComponentChildren;
  mistakes: readonly Mistake[];
  /** What goes on nevertheless, and what to do. */
  children: ComponentChildren;
}

export function Mistakes({ title, mistakes, children }: MistakesProps) {
  return (
    <div class="notice error">
      <SeverityWord severity="error" />
      <div class="notice-text">
        <p>{title}</p>
        <ul class="problems" lang="en">
          {mistakes.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
        {children}
      </div>
    </div>
  );
}

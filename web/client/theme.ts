/** Light, dark, or as the system has it. The style sheet does the rest from `data-theme`. */
import { effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>(kept('theme', THEMES, 'system'));

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep('theme', chosen);
}

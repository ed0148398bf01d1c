/** The words of the page: the browser's language at first, another one when chosen. `say()` inside a component follows. */
import { computed, effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';
import { en } from './words/en.ts';
import { zh } from './words/zh.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Words = typeof en;

const WORDS: Readonly<Record<Language, Words>> = { en, zh };

export const language = signal<Language>(kept('language', LANGUAGES, ofBrowser()));

function ofBrowser(): Language {
  for (const wanted of navigator.languages) {
    if (wanted.toLowerCase().startsWith('zh')) return 'zh';
    if (wanted.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

/** For dates and numbers: the browser's own flavor of the language when it has one. */
export const locale = computed(() => {
  const flavor = navigator.languages.find((one) => one.toLowerCase().startsWith(language.value));
  return flavor ?? (language.value === 'zh' ? 'zh-CN' : 'en-GB');
});

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : 'en';
});

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  keep('language', chosen);
}

export function say(): Words {
  return WORDS[language.value];
}

export function nameOf(one: Language): string {
  return WORDS[one].language;
}

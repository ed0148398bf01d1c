/** Open Library: https://openlibrary.org/dev/docs/api/search, books. */
import { z } from 'zod';
import { agree } from './agree.ts';
import type { Provider } from './provider.ts';
import { present } from './tags.ts';

export interface Book {
  /** `/works/OL45883W` */
  readonly work: string;
  readonly title: string;
  readonly authors?: readonly string[];
  readonly firstPublished?: number;
  readonly isbn?: string;
  readonly subjects?: readonly string[];
  readonly cover?: number;
  readonly languages?: readonly string[];
}

const FIELDS = 'key,title,author_name,first_publish_year,isbn,subject,cover_i,language';
const listed = 8;

const answer = z.object({
  docs: z.array(
    z.object({
      key: z.string(),
      title: z.string(),
      author_name: z.array(z.string()).default([]),
      first_publish_year: z.number().nullish(),
      isbn: z.array(z.string()).default([]),
      subject: z.array(z.string()).default([]),
      cover_i: z.number().nullish(),
      language: z.array(z.string()).default([]),
    }),
  ),
});
type Found = z.infer<typeof answer>['docs'][number];

/** @returns the book of this title, and of this author where one is known, or null */
export function findBook(provider: Provider, title: string, author: string | null): Promise<Book | null> {
  const query = new URLSearchParams({ title, ...(author === null ? {} : { author }), limit: '5', fields: FIELDS });
  return provider.ask(`/search.json?${query}`, (json) => {
    const found = answer.parse(json ?? { docs: [] }).docs.find((one) => isIt(one, title, author));
    return found === undefined ? null : bookOf(found);
  });
}

function isIt(found: Found, title: string, author: string | null): boolean {
  return agree(found.title, title) && (author === null || found.author_name.some((name) => agree(name, author)));
}

function bookOf(found: Found): Book {
  return present({
    work: found.key,
    title: found.title,
    authors: found.author_name.slice(0, listed),
    firstPublished: found.first_publish_year,
    isbn: found.isbn[0],
    subjects: found.subject.slice(0, listed),
    cover: found.cover_i,
    languages: found.language.slice(0, listed),
  }) as unknown as Book;
}

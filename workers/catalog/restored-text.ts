/**
 * `_` in the name of a file stands for a character that names cannot hold, and where it stands says which: `Au_Ra` is
 * Au/Ra, `Inst_` is Inst., `Original_ Neru` is Original: Neru.
 */

/** What ends with a dot also in the middle of a text. */
const SHORT = /(?:^|[^\p{L}\p{N}])(?:arr|dj|dr|ep|feat|ft|inst|jr|mr|mrs|ms|no|op|prod|pt|st|ver|vol|vs)$/iu;
/** `R_E_M_`, `N_W_A` */
const INITIALS = /(?<![\p{L}\p{N}_])(?:\p{Lu}_){2,}(?=\p{Lu}?(?![\p{L}\p{N}_]))/gu;
const OPENING = /[\s([{（［【〔]/u;
const CLOSING = /[\s)\]}）］】〕]/u;

export function restored(text: string): string {
  return text
    .replace(INITIALS, (initials) => initials.replaceAll('_', '.'))
    .replace(/_+/g, (run, at: number, whole: string) =>
      standsFor(run, whole.slice(0, at), whole.slice(at + run.length)),
    );
}

function standsFor(run: string, before: string, after: string): string {
  const isFirst = before === '' || OPENING.test(before.slice(-1));
  const isLast = after === '' || CLOSING.test(after.slice(0, 1));
  const endsAll = after === '' || (isLast && !/^\s/u.test(after));
  if (run.length > 1) return endsAll && !isFirst ? '.'.repeat(run.length) : run;
  if (isFirst) return isLast ? '/' : '.';
  if (endsAll || SHORT.test(before)) return '.';
  return isLast ? ':' : '/';
}

/** Settings that differ between two revisions, side by side. Of secrets the API says only that they differ. */
import type { SettingDifference } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import type { Live } from '../live.ts';
import type { RevisionDiff } from '../resources.ts';
import { PageProblem } from './page-problem.tsx';

interface DifferencesProps {
  /** Id of the later one. */
  id: string;
  live: Live<RevisionDiff>;
}

export function Differences({ id, live }: DifferencesProps) {
  const diff = live.value.value;
  const words = say().settings.revision;
  if (!diff && live.problem.value) return <PageProblem problem={live.problem.value} again={live.reload} />;
  if (!diff) return <p class="muted">{words.loading}</p>;
  if (diff.differences.length === 0) return <p class="muted">{words.same}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <section class="differences" aria-label={words.keys} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.key}</th>
            <th scope="col">{diff.against === null ? words.oldNone : words.old(diff.against)}</th>
            <th scope="col">{words.old(id)}</th>
          </tr>
        </thead>
        <tbody>
          {diff.differences.map((one) => (
            <Difference key={one.key} difference={one} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Difference({ difference: { key, before, after } }: { difference: SettingDifference }) {
  return (
    <tr>
      <th scope="row">
        <code>{key}</code>
      </th>
      <td>
        <Value text={before} kind="del" />
      </td>
      <td>
        <Value text={after} kind="ins" />
      </td>
    </tr>
  );
}

function Value({ text, kind: Kind }: { text: string | null; kind: 'del' | 'ins' }) {
  if (text === null || text === '') return <span class="muted">{say().settings.notSet}</span>;
  return (
    <Kind>
      <code>{text}</code>
    </Kind>
  );
}

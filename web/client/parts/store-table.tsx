/** Keys of the store in a table: what each holds, until when, and what may be done with it. */
import type { StoredRecord } from '../../../supervisor/core/store/record.ts';
import { number } from '../format.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { moveRow } from '../rows.ts';
import { mayOperate } from '../session.ts';
import { counted, isCount, opened, remove } from '../store-actions.ts';
import { zone } from '../zone.ts';
import { Icon } from './icon.tsx';
import { Time } from './time.tsx';
import { TimeLeft } from './time-left.tsx';

export function StoreTable({ rows }: { rows: readonly StoredRecord[] }) {
  const words = say();
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  return (
    <section class="panel" aria-label={words.pages.store} data-steady>
      <table class="store-table">
        <thead>
          <tr>
            <th scope="col">{words.store.key}</th>
            <th scope="col" class="col-value roomy">
              {words.store.value}
            </th>
            <th scope="col" class="col-expires roomy" title={zone.value}>
              {words.store.expires}
            </th>
            <th scope="col" class="col-time wide-only" title={zone.value}>
              {words.store.setAt}
            </th>
            <th scope="col" class="col-number end wide-only">
              {words.store.version}
            </th>
            {mayOperate.value && (
              <th scope="col" class="col-act">
                <span class="unseen">{words.columns.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((stored) => (
            <Row key={stored.key} stored={stored} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ stored }: { stored: StoredRecord }) {
  const { key, value, version, expiresAt, setAt } = stored;
  return (
    <tr data-id={key}>
      <th scope="row">
        <button
          type="button"
          class="stored-key task-name"
          onClick={() => {
            opened.value = stored;
          }}
        >
          {key}
        </button>
        <span class="second-line">
          <Preview value={value} />
        </span>
        {expiresAt !== null && (
          <span class="second-line">
            <TimeLeft expiresAt={expiresAt} />
          </span>
        )}
      </th>
      <td class="roomy">
        <Preview value={value} />
      </td>
      <td class="roomy">
        <TimeLeft expiresAt={expiresAt} />
      </td>
      <td class="wide-only muted">
        <Time at={setAt} />
      </td>
      <td class="end wide-only muted">{number(version)}</td>
      {mayOperate.value && (
        <td class="end">
          <Buttons stored={stored} />
        </td>
      )}
    </tr>
  );
}

const charsShownMax = 240;

function Preview({ value }: { value: unknown }) {
  const text = JSON.stringify(value);
  return <code class="stored-value">{text.length > charsShownMax ? `${text.slice(0, charsShownMax)}…` : text}</code>;
}

function Buttons({ stored }: { stored: StoredRecord }) {
  const words = say().store;
  const acts = [
    ...(isCount(stored) ? [['increment', 'add', counted] as const] : []),
    ['edit', 'edit', opened] as const,
  ];
  return (
    <span class="icon-buttons">
      {acts.map(([act, icon, target]) => (
        <button
          key={act}
          type="button"
          class="small quiet"
          data-action={act}
          aria-label={`${words[act]}: ${stored.key}`}
          title={words[act]}
          onClick={() => {
            target.value = stored;
          }}
        >
          <Icon name={icon} />
        </button>
      ))}
      <button
        type="button"
        class="small quiet"
        aria-label={`${words.remove}: ${stored.key}`}
        title={words.remove}
        onClick={() => void remove(stored)}
      >
        <Icon name="remove" />
      </button>
    </span>
  );
}

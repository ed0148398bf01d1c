/** All keys on one sheet. */
import { signal } from '@preact/signals';
import { say } from '../language.ts';
import { mayAdd } from './add-button.tsx';
import { Dialog } from './dialog.tsx';

export const helping = signal(false);

type Row = readonly [keys: string, what: string];

export function Help() {
  if (!helping.value) return null;
  const { keys: words, pages } = say();
  const close = () => {
    helping.value = false;
  };
  return (
    <Dialog title={words.title} onClose={close} wide>
      <div class="help">
        <Keys
          title={words.goTo}
          rows={[
            ['g o', pages.overview],
            ['g r', pages.runs],
            ['g t', pages.tasks],
            ['g c', pages.schedules],
            ['g l', pages.library],
            ['g w', pages.workers],
            ['g h', pages.handlers],
            ['g k', pages.store],
            ['g s', pages.settings],
          ]}
        />
        <Keys
          title={words.lists}
          rows={[
            ['j', words.down],
            ['k', words.up],
            ['Enter', words.open],
            ['x', words.select],
            ['r', words.retry],
            ['c', words.cancel],
            ['p', words.promote],
            ['/', words.filter],
          ]}
        />
        <Keys
          title={words.anywhere}
          rows={[
            ...(mayAdd.value ? ([['n', words.add]] as const) : []),
            ['.', words.pause],
            ['?', words.help],
            ['Esc', words.close],
          ]}
        />
      </div>
    </Dialog>
  );
}

function Keys({ title, rows }: { title: string; rows: readonly Row[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl class="keys">
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

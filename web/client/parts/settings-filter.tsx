/** What is looked for among the settings. It stands before they are loaded, so that what is typed at once is not lost. */
import { say } from '../language.ts';
import { rewrite, route } from '../router.ts';
import { Icon } from './icon.tsx';
import { SearchField } from './search-field.tsx';

export const settingsQuery = () => route.value.query.get('q') ?? '';
export const onlySet = () => route.value.query.get('set') === '1';

/** Into the address, so that what is found can be sent to somebody. */
function ask(text: string, set: boolean): void {
  const asked = new URLSearchParams({ ...(text !== '' && { q: text }), ...(set && { set: '1' }) }).toString();
  rewrite(asked === '' ? 'settings' : `settings?${asked}`);
}

export function SettingsFilter() {
  const words = say();
  const empty = settingsQuery() === '' && !onlySet();
  return (
    <search class="filter" aria-label={words.settings.filter}>
      <div class="filter-fields">
        <SearchField label={words.settings.filterText} text={settingsQuery()} change={(text) => ask(text, onlySet())} />
        <button type="button" class="chip" aria-pressed={onlySet()} onClick={() => ask(settingsQuery(), !onlySet())}>
          {words.settings.onlySet}
        </button>
        {!empty && (
          <button type="button" class="quiet" onClick={() => ask('', false)}>
            <Icon name="cancel" />
            {words.list.clear}
          </button>
        )}
      </div>
    </search>
  );
}

/** Feature flags: what depends on each, and the switch; and a form for one that nobody has set or named yet. */
import type { FlagView, SettingsView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { flagsLive } from '../resources.ts';
import { mayAdminister } from '../session.ts';
import { switchFlagOf } from '../settings-actions.ts';
import { AddFlag } from './add-flag.tsx';
import { Copyable } from './copy.tsx';
import { Icon } from './icon.tsx';
import { PageProblem } from './page-problem.tsx';
import { FlagWord } from './state-word.tsx';

export function Flags({ view }: { view: SettingsView }) {
  const live = useLive('flags', flagsLive);
  const flags = live.value.value;
  return (
    <>
      {live.problem.value && !flags && <PageProblem problem={live.problem.value} again={live.reload} />}
      {flags?.length === 0 && <NoFlags />}
      {flags && flags.length > 0 && <FlagTable flags={flags} view={view} />}
      {mayAdminister.value && <AddFlag />}
    </>
  );
}

const EXAMPLE = "export default { type: 'library.sync', flag: 'NIGHT_SYNC', run };";

function NoFlags() {
  const words = say().settings.flag;
  return (
    <div class="empty">
      <h2>{words.none}</h2>
      <p>{words.noneText}</p>
      <Copyable text={EXAMPLE} />
    </div>
  );
}

function FlagTable({ flags, view }: { flags: readonly FlagView[]; view: SettingsView }) {
  const words = say();
  const { flag } = words.settings;
  return (
    <section class="panel" aria-label={words.settings.flags}>
      <table class="flag-table">
        <thead>
          <tr>
            <th scope="col">{flag.name}</th>
            <th scope="col" class="roomy">
              {flag.needed}
            </th>
            <th scope="col" class="col-switch">
              {flag.state}
            </th>
            {mayAdminister.value && (
              <th scope="col" class="col-act">
                <span class="unseen">{words.columns.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {flags.map((one) => (
            <FlagRow key={one.name} flag={one} view={view} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function FlagRow({ flag, view }: { flag: FlagView; view: SettingsView }) {
  const words = say().settings;
  const source = view.settings[`FLAG_${flag.name}`]?.source ?? 'default';
  const overridden = source === 'environment' || source === 'flag' ? source : null;
  const dependents = [...flag.types, ...flag.schedules.map(words.flag.ofSchedule)];
  const needed = dependents.length === 0 ? words.flag.neededNone : dependents.join(', ');
  return (
    <tr>
      <th scope="row" class="two-lines">
        <code class="cut">{flag.name}</code>
        <span class="line-below muted">
          {overridden
            ? words.overridden[overridden](`FLAG_${flag.name}`)
            : flag.set
              ? words.sources[source]
              : words.flag.neverSet}
        </span>
        <span class="second-line muted">{`${words.flag.needed}: ${needed}`}</span>
      </th>
      <td class={dependents.length === 0 ? 'roomy muted' : 'roomy'}>{needed}</td>
      <td>
        <Switch flag={flag} locked={!mayAdminister.value || overridden !== null} />
      </td>
      {mayAdminister.value && <td class="end">{flag.set && !overridden && <TakeOut flag={flag} />}</td>}
    </tr>
  );
}

/** Where a switch would change nothing, the word stands alone. */
function Switch({ flag, locked }: { flag: FlagView; locked: boolean }) {
  if (locked) return <FlagWord on={flag.on} />;
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        aria-label={flag.name}
        aria-checked={flag.on}
        checked={flag.on}
        onChange={() => void switchFlagOf(flag, !flag.on)}
      />
      <FlagWord on={flag.on} />
    </label>
  );
}

function TakeOut({ flag }: { flag: FlagView }) {
  const words = say().settings.flag;
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`${words.takeOut}: ${flag.name}`}
      title={words.takeOut}
      onClick={() => void switchFlagOf(flag, null)}
    >
      <Icon name="cancel" />
      <span class="button-word">{words.takeOut}</span>
    </button>
  );
}

/** The stages of a run in order, each with how far its tasks are; one that is pressed narrows the list of tasks below. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { rewrite } from '../router.ts';
import { COUNTED, type RunTasksFilter, runTasksPath } from '../run-filter.ts';
import { Icon } from './icon.tsx';
import { StageStateWord } from './run-words.tsx';
import { COUNT_NAMES, type CountName, StageMeter } from './stage-meter.tsx';

type Stage = RunRecord['stages'][number];

interface StageBarProps {
  run: RunRecord;
  filter: RunTasksFilter;
}

export function StageBar({ run, filter }: StageBarProps) {
  return (
    <ol class="stages" aria-label={say().runs.stages}>
      {run.stages.map((stage, index) => (
        <li key={stage.name}>
          {index > 0 && <Icon name="next" />}
          <StageCard run={run} stage={stage} filter={filter} />
        </li>
      ))}
    </ol>
  );
}

function StageCard({ run, stage, filter }: StageBarProps & { stage: Stage }) {
  const { name, state, counts } = stage;
  const chosen = filter.stage === name;
  const limits = limitsOf(stage);
  const show = (states: RunTasksFilter['states']) => rewrite(runTasksPath(run.id, { stage: name, states, cursor: '' }));
  const toggle = () => (chosen ? rewrite(runTasksPath(run.id, { stage: '', states: [], cursor: '' })) : show([]));
  return (
    <div class={chosen ? 'stage chosen' : 'stage'}>
      <button type="button" class="stage-name" aria-pressed={chosen} onClick={toggle}>
        <span>{name}</span>
        <StageStateWord state={state} />
      </button>
      <StageMeter name={name} counts={counts} />
      <p class="stage-counts">
        {COUNT_NAMES.filter((one) => one !== 'canceled' || counts.canceled > 0).map((one) => (
          <Count key={one} name={one} count={counts[one]} show={() => show(COUNTED[one])} stage={name} />
        ))}
      </p>
      <p class="stage-limits muted" title={limits}>
        {stage.type}
        {limits && ` · ${limits}`}
      </p>
    </div>
  );
}

interface CountProps {
  name: CountName;
  count: number;
  stage: string;
  show(): void;
}

function Count({ name, count, stage, show }: CountProps) {
  const word = say().runs.counts[name];
  if (count === 0)
    return (
      <span class="muted">
        {number(0)} {word}
      </span>
    );
  return (
    <button
      type="button"
      class={`stage-count ${name}`}
      aria-label={`${stage}: ${number(count)} ${word}`}
      onClick={show}
    >
      <strong>{number(count)}</strong> {word}
    </button>
  );
}

function limitsOf({ start, concurrency, rate, maxAttempts, timeout, onFailure }: Stage): string {
  const words = say().runs.limits;
  const parts = [
    start === 'flow' && words.flow,
    concurrency !== null && words.atOnce(number(concurrency)),
    rate,
    maxAttempts !== null && words.attempts(maxAttempts),
    timeout !== null && words.timeout(timeout),
    onFailure !== 'continue' && onFailure,
  ];
  return parts.filter(Boolean).join(' · ');
}

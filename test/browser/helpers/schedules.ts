/** The real scheduler on a clock that a test moves, told to the page as the supervisor tells it. */
import { SchedulesBed, type SchedulesBedOptions } from '../../helpers/schedules-bed.ts';
import type { ScriptedFacade } from './scripted-facade.ts';
import { handler } from './scripted-task.ts';

/** The types that the bed submits are offered on the page as well. */
export function openSchedules(facade: ScriptedFacade, options: SchedulesBedOptions = {}): SchedulesBed {
  const bed = new SchedulesBed(options);
  bed.journal.written = (event) => {
    const { e, ...data } = event as { e: string; id?: string };
    facade.events.publish(e, data.id ?? null, bed.clock.wall(), data);
  };
  const types = [handler('noop', 'io', {}), handler('scripted', 'io', {})];
  facade.catalog = { ...facade.catalog, handlers: [...facade.catalog.handlers, ...types] };
  return bed;
}

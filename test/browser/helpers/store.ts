/** The real store over a journal in memory, at the time of now, told to the page as the supervisor tells it. */
import { StoreBed } from '../../helpers/store-bed.ts';
import type { ScriptedFacade } from './scripted-facade.ts';

export function openStore(facade: ScriptedFacade, bytesMax?: number): StoreBed {
  const bed = new StoreBed(bytesMax);
  bed.clock.advance(Date.now() - bed.clock.wall());
  bed.journal.written = (event) => {
    const { e, value: _value, ...data } = event as { e: string; value?: string };
    facade.events.publish(e, null, bed.clock.wall(), data);
  };
  return bed;
}

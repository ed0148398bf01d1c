/** Settings for the console of a test: a real env file, whose changes the scripted supervisor tells as a real one does. */
import type { HandlerDescription } from '../../../workers/contract.ts';
import { type DeskBed, type DeskGiven, openDesk } from '../../helpers/desk.ts';
import type { ScriptedFacade } from './scripted-facade.ts';

export interface EnvGiven extends Partial<Pick<DeskGiven, 'environment' | 'flags'>> {
  /** Of the env file. */
  readonly text?: string;
  /** Beside those that are always there. */
  readonly handlers?: readonly HandlerDescription[];
}

export function openEnv(facade: ScriptedFacade, { text = '', handlers = [], ...given }: EnvGiven): Promise<DeskBed> {
  facade.catalog = { ...facade.catalog, handlers: [...facade.catalog.handlers, ...handlers] };
  return openDesk(text, facade.catalog.handlers, {
    ...given,
    heard({ revision, keys, switched }) {
      const tell = (name: string, data: Record<string, unknown>) =>
        facade.events.publish(name, null, facade.now(), { ...data, by: revision.by, from: revision.from });
      tell('settings.changed', { revision: revision.id, keys });
      for (const { flag, on } of switched) tell('flag.switched', { flag, on });
    },
  });
}

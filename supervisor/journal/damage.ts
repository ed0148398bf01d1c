/** What stops a start: where the data is damaged, named so that a person or `nightshift doctor` can look at the very bytes. */
import { Fault } from '../core/fault.ts';

export interface DamageDetails {
  /** Sequence numbers that are missing or in doubt. */
  readonly from?: number;
  readonly to?: number;
  readonly action?: string;
}

const usualAction =
  'nothing was changed; run `nightshift doctor check` to see what is readable, then restore a backup or let doctor salvage to a new folder';

export class Damage extends Fault {
  readonly file: string;
  readonly offset: number;
  readonly from: number | null;
  readonly to: number | null;

  constructor(file: string, offset: number, what: string, details: DamageDetails = {}) {
    const { from, to, action = usualAction } = details;
    const range = from === undefined ? '' : `, entries ${from}${to === undefined || to === from ? '' : ` to ${to}`}`;
    super('damaged', `${file}, offset ${offset}${range}: ${what}`, action);
    this.name = 'Damage';
    this.file = file;
    this.offset = offset;
    this.from = from ?? null;
    this.to = to ?? null;
  }
}

/** Who brings a killed supervisor back: the crash test itself, or pm2. */
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, Night } from '../helpers/pm2-night.ts';
import { type Folder, Running } from '../helpers/supervisor-process.ts';

export interface Keeper {
  /** The next life, listening. */
  next(folder: Folder): Promise<Running>;
  end(): Promise<void>;
}

/** pm2's pauses grow with each restart, up to 15 s: a test of many kills has it start again at once, as after the first. */
const atOnce = '{ exp_backoff_restart_delay: 0, restart_delay: 100 }';

export class Pm2Keeper implements Keeper {
  readonly #night: Night;
  #pid = 0;

  private constructor(night: Night) {
    this.#night = night;
  }

  static async begin(folder: Folder): Promise<Pm2Keeper> {
    const night = new Night({ dataDir: folder.dir, changes: atOnce });
    night.settings('INBOX_SETTLE=50ms\n');
    await night.start();
    return new Pm2Keeper(night);
  }

  async next(folder: Folder): Promise<Running> {
    const since = performance.now();
    this.#pid = await this.#night.ready(this.#pid);
    return new UnderPm2(folder, this.#night.url, performance.now() - since, this.#pid);
  }

  end(): Promise<void> {
    return this.#night.end();
  }
}

class UnderPm2 extends Running {
  readonly #pid: number;

  constructor(folder: Folder, url: string, startMs: number, pid: number) {
    super(folder, url, startMs);
    this.#pid = pid;
  }

  override get output(): string {
    return 'what it said stands in the logs of pm2';
  }

  override async kill(): Promise<void> {
    process.kill(this.#pid, 'SIGKILL');
    while (isAlive(this.#pid)) await wait(10);
  }
}

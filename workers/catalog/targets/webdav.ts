/**
 * A WebDAV server as a target. It is sent to under a name of our own, read back, and moved to its name when it is whole
 * and right: a server that is cut leaves what has come under the name it was sent to.
 */
import { createHash } from 'node:crypto';
import { type HttpOptions, type HttpResponse, Permanent } from '../../define.ts';
import { unexpectedStatus } from '../../http-status.ts';
import { wholeBody } from './body.ts';
import { ask, Stall } from './faults.ts';
import { digestOfBody } from './read-back.ts';
import { type LocalFile, pathOf, type Reach, type Sending, type Target } from './target.ts';

export class WebdavTarget implements Target {
  readonly name: string;
  readonly #reach: Reach;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param base without a `/` at its end */
  constructor(base: string, reach: Reach) {
    this.name = base;
    this.#reach = reach;
    const words = Buffer.from(`${reach.accessKey}:${reach.secretKey}`).toString('base64');
    this.#headers = reach.accessKey === '' ? {} : { authorization: `Basic ${words}` };
  }

  async holds(object: string, file: LocalFile, recorded: boolean): Promise<boolean> {
    const looked = await this.#ask('HEAD', object, [200, 404]);
    if (looked.status === 404 || Number(looked.headers['content-length']) !== file.bytes) return false;
    return recorded || (await this.#digestOf(object)) === file.sha256;
  }

  async put(object: string, file: LocalFile, sending: Sending): Promise<void> {
    const folders = object.split('/').slice(0, -1);
    const key = createHash('sha256').update(object).digest('hex').slice(0, 16);
    const temporary = [...folders, `.nightshift-${key}.part`].join('/');
    await this.#makeFolders(folders);
    await this.#send(temporary, file, sending);
    if ((await this.#digestOf(temporary)) !== file.sha256) {
      await this.#ask('DELETE', temporary, [200, 204, 404]);
      throw Object.assign(new Error(`${object} has arrived as another one`), { code: 'digest_mismatch' });
    }
    const headers = { destination: this.#url(object), overwrite: 'T' };
    await this.#ask('MOVE', temporary, [201, 204], { headers });
    if (await this.holds(object, file, true)) return;
    throw Object.assign(new Error(`${object} is not there as it was sent`), { code: 'digest_mismatch' });
  }

  async #send(object: string, file: LocalFile, sending: Sending): Promise<void> {
    const stall = new Stall();
    stall.moved();
    const passed = (bytes: number) => {
      stall.moved();
      sending.sent(bytes);
    };
    try {
      await this.#ask('PUT', object, [200, 201, 204], {
        headers: { 'content-length': String(file.bytes), 'content-type': 'application/octet-stream' },
        ...(file.bytes > 0 && { body: wholeBody(file, passed) }),
        signal: stall.signal,
      });
    } finally {
      stall.end();
    }
  }

  /** 405: it is there. */
  async #makeFolders(folders: readonly string[]): Promise<void> {
    for (const depth of folders.keys()) {
      const folder = `${folders.slice(0, depth + 1).join('/')}/`;
      const { status } = await this.#ask('MKCOL', folder, [200, 201, 204, 301, 405, 409]);
      if (status === 409)
        throw Object.assign(new Error(`the target has no folder for ${folder}`), { code: 'http_409' });
    }
  }

  async #digestOf(object: string): Promise<string | null> {
    return await digestOfBody(await this.#open('GET', object, {}));
  }

  /** With its answer given up, as nothing but its head counts. */
  async #ask(
    method: string,
    object: string,
    good: readonly number[],
    options: HttpOptions = {},
  ): Promise<HttpResponse> {
    const response = await this.#open(method, object, options);
    await response.discard();
    const { status, url, headers } = response;
    if (good.includes(status)) return response;
    if (status === 401 || status === 403) {
      const message = `the target refuses ${method} ${object} (${status}): user or password is not the right one, or may not do that`;
      throw new Permanent(message, { code: 'access_refused' });
    }
    if (status >= 300 && status < 400) {
      const message = `the target sends ${method} ${object} elsewhere (${status}): OBJECT_ENDPOINT is not its own address`;
      throw new Permanent(message, { code: 'wrong_endpoint' });
    }
    throw unexpectedStatus({ method, url, status, headers, excerpt: '' });
  }

  async #open(method: string, object: string, options: HttpOptions): Promise<HttpResponse> {
    const headers = { ...options.headers, ...this.#headers };
    return await ask(this.#reach, this.#url(object), { ...options, method, headers }, `${method} ${object}`);
  }

  #url(object: string): string {
    return `${this.name}/${pathOf(object)}`;
  }
}

/** The target that the settings name. Its scheme says what it is. */
import { fileURLToPath } from 'node:url';
import { Permanent } from '../../define.ts';
import { safeName } from '../../download/file-name.ts';
import { FolderTarget } from './folder.ts';
import { S3Target } from './s3.ts';
import type { Reach, Target } from './target.ts';
import { WebdavTarget } from './webdav.ts';

export const targetSettings = [
  'OBJECT_ENDPOINT',
  'OBJECT_BUCKET',
  'OBJECT_REGION',
  'OBJECT_PREFIX',
  'OBJECT_ACCESS_KEY',
  'OBJECT_SECRET_KEY',
] as const;
const regionDefault = 'us-east-1';

type Settings = Readonly<Record<string, string>>;

export function hasTarget(settings: Settings): boolean {
  return (settings['OBJECT_ENDPOINT'] ?? '') !== '';
}

/** @returns null where none is set @throws Permanent `wrong_target` for what cannot be one */
export function targetOf(
  settings: Settings,
  { http, farewell }: Pick<Reach, 'http' | 'farewell'>,
  dataDir: string,
): Target | null {
  if (!hasTarget(settings)) return null;
  const endpoint = settings['OBJECT_ENDPOINT'] ?? '';
  const [accessKey, secretKey] = [settings['OBJECT_ACCESS_KEY'] ?? '', settings['OBJECT_SECRET_KEY'] ?? ''];
  const reach = { http, farewell, accessKey, secretKey };
  if (!URL.canParse(endpoint)) throw wrongTarget('OBJECT_ENDPOINT is no address');
  const url = new URL(endpoint);
  // What it holds would stand in every record.
  if (url.username !== '' || url.password !== '')
    throw wrongTarget('OBJECT_ENDPOINT holds a user; OBJECT_ACCESS_KEY and OBJECT_SECRET_KEY are the place for that');
  if (url.search !== '' || url.hash !== '') throw wrongTarget('OBJECT_ENDPOINT has something behind its path');
  const plain = endpoint.replace(/\/+$/, '');
  if (url.protocol === 'file:') return folderTarget(url, dataDir);
  if (/^webdav\+https?:$/.test(url.protocol)) return new WebdavTarget(plain.slice('webdav+'.length), reach);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrongTarget('OBJECT_ENDPOINT must begin with https://, http://, webdav+https://, webdav+http:// or file:///');
  const bucket = settings['OBJECT_BUCKET'] ?? '';
  if (bucket === '') throw wrongTarget('OBJECT_BUCKET is not set, and the S3 API needs one');
  if (accessKey === '' || secretKey === '')
    throw wrongTarget('OBJECT_ACCESS_KEY and OBJECT_SECRET_KEY are not set, and the S3 API needs both');
  return new S3Target({ endpoint: plain, bucket, region: settings['OBJECT_REGION'] || regionDefault }, reach);
}

function folderTarget(url: URL, dataDir: string): Target {
  if (url.host !== '')
    throw wrongTarget('OBJECT_ENDPOINT names a folder of another machine: it must begin with file:///');
  return new FolderTarget(url.href.replace(/\/+$/, ''), fileURLToPath(url), dataDir);
}

/** Name of an object: the path of the file, below `OBJECT_PREFIX`. */
export function objectName(settings: Settings, path: string): string {
  const prefix = (settings['OBJECT_PREFIX'] ?? '').split('/').filter((segment) => segment !== '');
  const wrong = prefix.find((segment) => safeName(segment) !== segment);
  if (wrong !== undefined) throw wrongTarget(`OBJECT_PREFIX holds "${wrong}", which is no safe name for a folder`);
  return [...prefix, path].join('/');
}

function wrongTarget(message: string): Permanent {
  return new Permanent(message, { code: 'wrong_target' });
}

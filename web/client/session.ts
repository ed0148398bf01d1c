/** Who the server takes us for, and signing in and out. The session itself is a cookie that this page never sees. */
import { computed, signal } from '@preact/signals';
import { get, post, signedOut } from './api.ts';
import { refreshAll } from './stream.ts';

interface Session {
  readonly level: 'owner' | 'local' | 'reader' | 'nobody';
  readonly may: readonly ('read' | 'operate' | 'administer')[];
  readonly means: 'token' | 'session' | 'loopback' | 'none';
}
const session = signal<Session | null>(null);

/** False for a reader: what it may not do is not offered. The server has the last word all the same. */
export const mayOperate = computed(() => session.value?.level !== 'reader');

/** Known to be a reader, as which one signs in to work. */
export const readOnly = computed(() => session.value?.level === 'reader');

/** Change settings: only with a token, also on the machine itself. */
export const mayAdminister = computed(() => session.value?.may.includes('administer') === true);

/** Known to look at settings only, as which one signs in to change them. */
export const settingsReadOnly = computed(() => session.value !== null && !mayAdminister.value);

export const maySignOut = computed(() => session.value?.means === 'session');

export async function askWhoIAm(): Promise<void> {
  try {
    session.value = (await get<{ session: Session }>('session')).session;
  } catch {
    // whoever does not answer this will not answer the rest either, and that is told elsewhere
  }
}

/** @throws Problem with status 401 for a wrong token, 429 after too many of them */
export async function signIn(token: string): Promise<void> {
  await post('login', { token });
  await askWhoIAm();
  signedOut.value = false;
  refreshAll();
}

export async function signOut(): Promise<void> {
  await post('logout');
  await askWhoIAm();
  // On the machine itself one may look, and perhaps work, without a session.
  if (session.value?.level === 'nobody') signedOut.value = true;
  else refreshAll();
}

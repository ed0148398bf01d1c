/** Faults of the network in words a person understands; the code stays. */

type Say = (host: string) => string;

const WORDS: Readonly<Record<string, Say>> = {
  ECONNREFUSED: (host) => `${host} refused the connection: nothing listens there`,
  ECONNRESET: (host) => `${host} cut the connection`,
  EPIPE: (host) => `${host} cut the connection while it was being sent to`,
  ENOTFOUND: (host) => `no address is known for ${host}`,
  EAI_AGAIN: (host) => `the name server did not answer when asked for ${host}`,
  ENETUNREACH: (host) => `there is no network to ${host}`,
  EHOSTUNREACH: (host) => `${host} cannot be reached`,
  ETIMEDOUT: (host) => `${host} did not answer in time`,
  UND_ERR_CONNECT_TIMEOUT: (host) => `${host} did not accept a connection in time`,
  UND_ERR_HEADERS_TIMEOUT: (host) => `${host} took the request but did not answer in time`,
  UND_ERR_BODY_TIMEOUT: (host) => `${host} stopped sending in the middle of its answer`,
  UND_ERR_SOCKET: (host) => `${host} cut the connection`,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: (host) => `${host} sent another number of bytes than it had announced`,
  UND_ERR_HEADERS_OVERFLOW: (host) => `${host} sent too many headers`,
  CERT_HAS_EXPIRED: (host) => `the certificate of ${host} has expired`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) => `the certificate of ${host} is signed by itself`,
  SELF_SIGNED_CERT_IN_CHAIN: (host) => `the certificate of ${host} comes from an authority this machine does not know`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) => `the certificate of ${host} cannot be verified`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `the certificate of ${host} was made for another name`,
};

/** @returns an error to throw in its place; one that already speaks for itself comes back as it is */
export function networkFault(error: unknown, url: URL): unknown {
  const fault = innermost(error);
  if (typeof fault.code !== 'string') return error;
  const say = WORDS[fault.code] ?? (fault.code.startsWith('HPE_') ? notHttp : undefined);
  if (!say) return error;
  return Object.assign(new Error(say(url.host)), { code: fault.code });
}

const notHttp: Say = (host) => `${host} does not speak HTTP`;

/** A connection tried on several addresses fails with an AggregateError; a stream wraps what ended it. */
function innermost(error: unknown): { code?: unknown } {
  if (typeof error !== 'object' || error === null) return {};
  if ('code' in error && typeof error.code === 'string') return error;
  const inner = (error as { errors?: unknown[] }).errors?.[0] ?? (error as { cause?: unknown }).cause;
  return inner === undefined ? error : innermost(inner);
}

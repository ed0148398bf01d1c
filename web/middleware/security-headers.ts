/**
 * What browsers are told about every answer. No HSTS: the console is served over plain HTTP on a home network, and a
 * browser that has once seen that header would not come back.
 */
import type { Middleware } from 'koa';

/** For data: nothing in it may be taken for a page. Pages set `pagePolicy` over it. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: Middleware = (ctx, next) => {
  const { res } = ctx;
  res.setHeader('Content-Security-Policy', dataPolicy);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('X-Frame-Options', 'DENY');
  // Not `no-referrer`: under it browsers send `Origin: null` with forms, and our own login would be refused.
  res.setHeader('Referrer-Policy', 'same-origin');
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  res.setHeader('Cache-Control', 'no-store');
  return next();
};

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new token for an operator: 128 bits. */
export function newAdminToken(): string {
  return randomBytes(16).toString('base64url');
}

/** Whether two tokens are the same. How long it takes says nothing of either: digests have one length. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import type { BearerAuth } from '../../config/config.js';
import { isSameToken } from '../admin-token.js';
import { refused } from './verdict.js';
import type { Verdict } from './verdict.js';

/** All who have the one token are one principal: nothing tells them apart. */
const PRINCIPAL = 'bearer';

export function judgeStaticToken(given: string, { token }: BearerAuth): Verdict {
  if (isSameToken(given, token)) return { kind: 'admitted', principal: PRINCIPAL };
  return refused('INVALID_TOKEN', 'the token is not valid', 'it is not that of the configuration');
}

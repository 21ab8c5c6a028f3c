/**
 * Whether what comes from an address is what its owner sent: by https, or without it where nobody stands between,
 * on this machine, or where that is allowed. An address with a password in it is none.
 */
export function isSecureUrl(text: string, allowHttp: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && (allowHttp || isLoopback(hostname)));
}

/** @param hostname as `URL` normalises it */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

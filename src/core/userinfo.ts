// Who somebody is, as it stands in addresses: user:password@host.

/**
 * An address, or several with commas, without what stands before the last @. A password may hold what else ends one, so of
 * several servers those before the last user are left out, too.
 */
export function withoutUserinfo(text: string): string {
  return text.replace(/^((?:nats|tls|wss?|https?|tcp):\/\/)?.*@/is, '$1')
}

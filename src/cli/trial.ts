// A hub that nobody knows, for as long as it takes to try the way to another: its hello, and what it asks.

import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { cborCodec } from '../adapters/codec.ts'
import { peerOf } from '../adapters/libp2p/network.ts'
import { Trial } from '../adapters/libp2p/trial.ts'
import type { Config } from '../config/schema.ts'
import { settingsOf } from '../config/settings.ts'
import { version } from '../config/version.ts'
import { clockKinds } from '../core/clock/messages.ts'
import type { HubId, Region } from '../core/ids.ts'
import { type HubInfo, parse, seal } from '../core/wire.ts'
import { type Hello, judgeHello, sayHello } from '../hub/hello.ts'

/** Of no region that hubs are in: it is nobody's member. */
const region = 'net-test' as Region

export const timeQuestion = cborCodec.encode(seal('clock.ask', {}))

const kinds = new Map(clockKinds.map((one) => [one.kind, one]))

/** The Unix time that a message tells; undefined for every other message. */
export function readTime(message: Uint8Array): number | undefined {
  const parsed = parse(kinds, cborCodec.decode(message))
  return parsed.ok && 'wall' in parsed.value.body ? parsed.value.body.wall : undefined
}

/** What was tried, and whom it met. */
export interface Stranger {
  readonly trial: Trial
  /** Who the hub says it is; undefined before the hello. */
  met(): HubInfo | undefined
}

export async function openTrial(config: Config): Promise<Stranger> {
  const privateKey = await generateKeyPair('Ed25519')
  const peer = peerOf(privateKey)
  const hub = `net-test-${randomBytes(4).toString('hex')}` as HubId
  const info: HubInfo = { hub, peer, region, tier: 'local', version, addresses: [] }
  const settings = { ...settingsOf({ config, peer, version, seed: 0 }), hub }
  let met: Hello | undefined
  const trial = await Trial.open({
    privateKey,
    federation: config.federation.id,
    hello: () => cborCodec.encode(sayHello(settings, info, 0)),
    judge: (from, said) => {
      const judged = judgeHello(settings, from, cborCodec.decode(said))
      if (judged.ok) met = judged.hello
      return judged.ok ? { ok: true, hub: judged.hello.info.hub } : { ok: false, reason: judged.reason }
    },
  })
  return { trial, met: () => met?.info }
}

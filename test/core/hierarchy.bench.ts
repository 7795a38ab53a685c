// One hierarchy machine under test, whose clock the test moves, and what it said.

import { expect } from 'vitest'
import { Hierarchy } from '../../src/core/hierarchy/hierarchy.ts'
import type { Report, TierMessage, Word } from '../../src/core/hierarchy/messages.ts'
import type { HierarchyInput, HierarchyProtocol } from '../../src/core/hierarchy/protocol.ts'
import type { HubId, Tier } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis } from '../../src/core/time.ts'
import { at, hubId, infoOf, peerOf, signed } from './kit.ts'

export function word(name: string, status: Word['status'] = 'alive', incarnation = 1): Word {
  return signed({ info: infoOf(name, { region: 'south' }), incarnation, status })
}

/** One machine under test, named `me`, a local hub of `north`. */
export class Bench {
  readonly hierarchy: Hierarchy
  /** What membership measured. */
  readonly rtts = new Map<HubId, Millis>()
  now: Millis = 0

  constructor(options: { tier?: Tier; maxChildHubs?: number; poolLinks?: number; maxLinks?: number } = {}) {
    const tier = options.tier ?? 'local'
    this.hierarchy = new Hierarchy(
      {
        self: infoOf('me', { tier }),
        word: signed({ info: infoOf('me', { tier }), incarnation: 7, status: 'alive' }),
        random: new Random(1),
        pools: ['region/north', ...(tier === 'local' ? [] : ['backbone'])],
        preferredParents: [],
        maxRegionalHubs: 1,
        maxChildHubs: options.maxChildHubs ?? 1,
        poolLinks: options.poolLinks ?? 300,
        maxLinks: options.maxLinks ?? 600,
        reportIntervalMs: 10_000,
        attachIntervalMs: 5_000,
        deadRetentionMs: hour,
        rttMsOf: (hub) => this.rtts.get(hub),
      },
      at(0),
    )
  }

  step(input: HierarchyInput): Effect<HierarchyProtocol>[] {
    const effects = [...this.hierarchy.step(input, at(this.now))]
    if (this.hierarchy.deadline() <= this.now) effects.push(...this.hierarchy.step({ type: 'tick' }, at(this.now)))
    return effects
  }

  hear(from: string, message: TierMessage): Effect<HierarchyProtocol>[] {
    return this.step({ type: 'message', from: peerOf(from), message })
  }

  member(name: string, status: Word['status'] = 'alive', where: { tier?: Tier } = {}): Effect<HierarchyProtocol>[] {
    const member = signed({ info: infoOf(name, where), incarnation: 1, status })
    return this.step({ type: 'member', pool: 'region/north', member })
  }

  /** Another region comes into sight: there is somebody to report to. */
  sees(name: string): void {
    this.step({ type: 'link-up', info: infoOf(name, { region: 'south' }) })
    this.hear(name, { kind: 'tier.introduction', body: { words: [word(name)] } })
  }

  report(reporter: string, ...words: Word[]): Effect<HierarchyProtocol>[] {
    return this.hear(reporter, { kind: 'tier.report', body: { reporter: hubId(reporter), words } })
  }

  pass(ms: Millis): Effect<HierarchyProtocol>[] {
    const until = this.now + ms
    const effects: Effect<HierarchyProtocol>[] = []
    while (this.hierarchy.deadline() <= until) {
      this.now = this.hierarchy.deadline()
      effects.push(...this.step({ type: 'tick' }))
      expect(this.hierarchy.deadline()).toBeGreaterThan(this.now)
    }
    this.now = until
    return effects
  }

  foreign(name: string): Word['status'] | undefined {
    return this.hierarchy.foreign().get(hubId(name))?.status
  }
}

export function connected(effects: readonly Effect<HierarchyProtocol>[]): [string, boolean][] {
  return effects.flatMap((effect) => (effect.type === 'connect' ? [[effect.peer, effect.eager]] : []))
}

type Body<K extends TierMessage['kind']> = (TierMessage & { readonly kind: K })['body']

/** What was said directly, by kind. */
export function sent<K extends TierMessage['kind']>(
  effects: readonly Effect<HierarchyProtocol>[],
  kind: K,
): { readonly to: string; readonly body: Body<K> }[] {
  const said: { readonly to: string; readonly body: Body<K> }[] = []
  for (const effect of effects) {
    if (effect.type === 'send' && effect.message.kind === kind) {
      said.push({ to: effect.to, body: effect.message.body as Body<K> })
    }
  }
  return said
}

/** The reports that were published. */
export function reports(effects: readonly Effect<HierarchyProtocol>[]): Report[] {
  return effects.flatMap((effect) =>
    effect.type === 'publish' && effect.message.kind === 'tier.report' ? [effect.message.body] : [],
  )
}

export function published(effects: readonly Effect<HierarchyProtocol>[]): Word[][] {
  return effects.flatMap((effect) =>
    effect.type === 'publish' && effect.message.kind === 'tier.report' ? [effect.message.body.words] : [],
  )
}

export function statuses(words: readonly Word[]): [string, string][] {
  return words.map((each) => [each.info.hub, each.status])
}

export const up = (name: string): Word => ({ ...word(name), info: infoOf(name, { tier: 'regional', region: 'south' }) })

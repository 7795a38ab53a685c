// One hierarchy machine under test, whose clock the test moves, and what it said.

import { expect } from 'vitest'
import { Hierarchy, type HierarchyInput, type HierarchyProtocol } from '../../src/core/hierarchy/hierarchy.ts'
import type { TierMessage, Word } from '../../src/core/hierarchy/messages.ts'
import type { Tier } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis } from '../../src/core/time.ts'
import { at, hubId, infoOf, peerOf } from './kit.ts'

export function word(name: string, status: Word['status'] = 'alive', incarnation = 1): Word {
  return { info: infoOf(name, { region: 'south' }), incarnation, status }
}

/** One machine under test, named `me`, a local hub of `north`. */
export class Bench {
  readonly hierarchy: Hierarchy
  now: Millis = 0

  constructor(options: { tier?: Tier; maxChildHubs?: number; poolLinks?: number } = {}) {
    const tier = options.tier ?? 'local'
    this.hierarchy = new Hierarchy(
      {
        self: infoOf('me', { tier }),
        incarnation: 7,
        random: new Random(1),
        pools: ['region/north', ...(tier === 'local' ? [] : ['backbone'])],
        preferredParents: [],
        maxRegionalHubs: 1,
        maxChildHubs: options.maxChildHubs ?? 1,
        poolLinks: options.poolLinks ?? 300,
        reportIntervalMs: 10_000,
        attachIntervalMs: 1_000,
        deadRetentionMs: hour,
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
    const member = { info: infoOf(name, where), incarnation: 1, status }
    return this.step({ type: 'member', pool: 'region/north', member })
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

export function published(effects: readonly Effect<HierarchyProtocol>[]): Word[][] {
  return effects.flatMap((effect) =>
    effect.type === 'publish' && effect.message.kind === 'tier.report' ? [effect.message.body.words] : [],
  )
}

export function statuses(words: readonly Word[]): [string, string][] {
  return words.map((each) => [each.info.hub, each.status])
}

export const up = (name: string): Word => ({ ...word(name), info: infoOf(name, { tier: 'regional', region: 'south' }) })

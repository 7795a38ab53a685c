// Asking a home how some of its projects are at this moment.

import { describe, expect, it } from 'vitest'
import type { Effect } from '../../src/core/machine.ts'
import type { AskBody, PresenceMessage } from '../../src/core/presence/messages.ts'
import type { PresenceProtocol } from '../../src/core/presence/protocol.ts'
import { at, hubId, peerOf, slug } from './kit.ts'
import { Bench, changes, sentTo } from './presence.bench.ts'

type Out = readonly Effect<PresenceProtocol>[]

const replies = (out: Out) => out.flatMap((effect) => (effect.type === 'reply' ? [effect.result] : []))
const said = (out: Out): PresenceMessage[] =>
  out.flatMap((effect) => (effect.type === 'publish' || effect.type === 'send' ? [effect.message] : []))

/** A home `me` with project p, which beats again after a while, and a hub that has heard the first beat. */
function pair({ isLinked }: { isLinked: boolean }) {
  const home = Bench.settled()
  home.beat('p')
  const told = home.lease('p')
  const asker = new Bench({ name: 'asker', now: home.now })
  asker.home('me')
  if (told !== undefined) asker.told([told], { home: hubId('me'), rev: told.rev })
  if (isLinked) {
    asker.step({ type: 'greet', peer: peerOf('me'), scope: 'own' })
    home.step({ type: 'greet', peer: peerOf('asker'), scope: 'own' })
  }
  home.now += 20_000
  asker.now += 20_000
  home.beat('p')
  const ask = (...names: string[]) =>
    asker.step({ type: 'ask', call: 7, home: hubId('me'), slugs: names.map((name) => slug(name)) })
  return { home, asker, ask }
}

describe('a home that is asked', () => {
  it('is asked over its link and answers there, and then the beat is as the home has it', () => {
    const { home, asker, ask } = pair({ isLinked: true })
    const [question] = sentTo(ask('p'), 'me')
    if (question === undefined) throw new Error('nothing was asked')
    const [answer] = sentTo(home.hear(question, 'asker'), 'asker')
    if (answer === undefined) throw new Error('nothing was answered')
    expect(replies(asker.hear(answer, 'me'))).toEqual([{ ok: true, type: 'fetched' }])
    expect(asker.lease('p')?.beatAt).toBe(at(home.now).wall)
    expect(replies(asker.hear(answer, 'me'))).toEqual([])
    expect(replies(asker.pass(5_000))).toEqual([])
  })

  it('is asked by gossip where there is no link, and answers so', () => {
    const { home, asker, ask } = pair({ isLinked: false })
    const [question] = said(ask('p'))
    expect(question?.kind).toBe('presence.ask')
    if (question === undefined) throw new Error('nothing was asked')
    expect(new Bench({ name: 'other' }).hear(question, 'asker')).toEqual([])
    const out = home.hear(question, 'asker')
    expect(out.map(({ type }) => type)).toEqual(['publish'])
    const [answer] = said(out)
    if (answer === undefined) throw new Error('nothing was answered')
    expect(replies(asker.hear(answer, 'me'))).toEqual([{ ok: true, type: 'fetched' }])
  })

  it('says by leaving it out that it does not hold a project', () => {
    const { home, asker, ask } = pair({ isLinked: true })
    home.step({ type: 'removed', slug: slug('p') })
    home.pass(1_000)
    const [question] = sentTo(ask('p', 'q'), 'me')
    if (question === undefined) throw new Error('nothing was asked')
    for (const message of sentTo(home.hear(question, 'asker'), 'asker')) {
      expect(changes(asker.hear(message, 'me'))).toEqual([{ type: 'lease', slug: 'p' }])
    }
    expect(asker.lease('p')).toBeUndefined()
  })

  it('that says nothing within two seconds is unreachable, one that is dead at once', () => {
    const { asker, ask } = pair({ isLinked: true })
    expect(replies(ask('p'))).toEqual([])
    expect(replies(asker.pass(1_999))).toEqual([])
    expect(replies(asker.pass(1))).toMatchObject([{ ok: false, code: 'home-unreachable' }])
    asker.home('me', 'dead')
    expect(replies(ask('p'))).toMatchObject([{ ok: false, code: 'home-unreachable' }])
  })

  it('need not be asked by itself', () => {
    const { home } = pair({ isLinked: false })
    const out = home.step({ type: 'ask', call: 1, home: hubId('me'), slugs: [slug('p')] })
    expect(replies(out)).toEqual([{ ok: true, type: 'fetched' }])
  })

  it('is not answered for by another hub', () => {
    const { home, asker, ask } = pair({ isLinked: true })
    const [question] = sentTo(ask('p'), 'me')
    const body = question?.body as AskBody
    expect(new Bench({ name: 'liar' }).hear({ kind: 'presence.ask', body }, 'asker')).toEqual([])
    const [answer] = sentTo(home.hear({ kind: 'presence.ask', body }, 'asker'), 'asker')
    if (answer === undefined) throw new Error('nothing was answered')
    expect(replies(asker.hear(answer, 'liar'))).toEqual([])
  })
})

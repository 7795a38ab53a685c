// What scenarios promise beyond the invariants that hold in all of them. Each gives nothing when it is kept.

import type { HubId } from '../../src/core/ids.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Violation } from '../engine/invariants.ts'
import type { Outcome } from '../engine/outcome.ts'

type Expectation = (outcome: Outcome) => readonly Violation[]

export const all =
  (...expectations: readonly Expectation[]): Expectation =>
  (outcome) =>
    expectations.flatMap((expectation) => expectation(outcome))

/** Nobody who ran and could be reached was declared dead. */
export const noFalseDeaths: Expectation = ({ falseDeaths, someFalse }) =>
  falseDeaths === 0 ? [] : [broken(`${falseDeaths} false deaths, ${firstOf(someFalse)}`)]

/** The same, where hubs that were sick themselves may be wrong. */
export const noFalseDeathsByHealthy: Expectation = ({ falseAtHealthy, someFalse }) =>
  falseAtHealthy === 0 ? [] : [broken(`${falseAtHealthy} false deaths by healthy hubs, ${firstOf(someFalse)}`)]

/** A restart is one death and one return at most, in anybody's view. */
export const oneFlapPerRestart: Expectation = ({ flapsOf, restarts }) =>
  [...flapsOf]
    .filter(([hub, flaps]) => flaps > (restarts.get(hub) ?? 0))
    .map(([hub, flaps]) => broken(`${hub} flapped ${flaps} times in one view, with ${restarts.get(hub) ?? 0} restarts`))

/** Whatever becomes of that hub, no other dies or flaps. */
export const calmBut =
  (hub: HubId): Expectation =>
  ({ flapsOf, falseOf }) => {
    const others = [...new Set([...flapsOf.keys(), ...falseOf.keys()])].filter((other) => other !== hub)
    return others.map((other) =>
      broken(
        `${other} flapped ${flapsOf.get(other) ?? 0} times and was falsely dead in ${falseOf.get(other) ?? 0} views`,
      ),
    )
  }

/** After a split the sides are linked, and see the same, in time. */
export const healsWithin =
  (contactMs: Millis, rounds: number): Expectation =>
  ({ healed }) => {
    if (healed === undefined) return [broken('nothing was healed')]
    const { contactMs: contact, rounds: views } = healed
    if (contact === undefined || contact > contactMs)
      return [
        broken(
          `contact ${contact === undefined ? 'never' : `after ${contact / second} s`}, not ${contactMs / second} s`,
        ),
      ]
    if (views === undefined || views > rounds)
      return [
        broken(`equal views ${views === undefined ? 'never' : `after ${views.toFixed(1)} rounds`}, not ${rounds}`),
      ]
    return []
  }

function firstOf(some: Outcome['someFalse']): string {
  const [first] = some
  return first === undefined ? 'none shown' : `such as ${first.of} by ${first.at} at ${first.atMs / second} s`
}

function broken(detail: string): Violation {
  return { invariant: 'expectation', detail }
}

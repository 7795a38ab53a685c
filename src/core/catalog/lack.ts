// What a peer was found to lack: own versions, and where it stands in that epoch.

import type { HubId } from '../ids.ts'
import type { ListedVersion } from './messages.ts'
import { compareEpochs, isSurplus } from './slice.ts'

export interface Lack {
  readonly version: ListedVersion
  readonly have: number
}

/** Those of few records first. */
export function smallestFirst(lacking: readonly Lack[]): Lack[] {
  const missing = ({ version: [, , seq], have }: Lack) => seq - have
  return lacking.toSorted((a, b) => missing(a) - missing(b))
}

/** Own versions that are further than what a peer listed; a surplus is for its author, whoever that is (C13). */
export function lackingIn(listed: readonly ListedVersion[], own: readonly ListedVersion[]): Lack[] {
  const byHub = new Map<HubId, ListedVersion[]>()
  for (const version of listed) byHub.set(version[0], [...(byHub.get(version[0]) ?? []), version])
  return own.flatMap((version): Lack[] => {
    const [hub, epoch, seq] = version
    const others = byHub.get(hub) ?? []
    const same = others.find(([, other]) => compareEpochs(other, epoch) === 0)
    if (same !== undefined) return same[2] < seq ? [{ version, have: same[2] }] : []
    const isOver = others.some(([, other]) => !isSurplus(other) && compareEpochs(other, epoch) > 0)
    return isOver && !isSurplus(epoch) ? [] : [{ version, have: 0 }]
  })
}

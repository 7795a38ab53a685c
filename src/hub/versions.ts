// Which words hubs of earlier versions do not know: as long as one of them is there, it is spoken to in the earlier ones.

/** The first version that knows refreshes of presence by marks (P6). */
const marksSince = [0, 4] as const

/** Whether a hub of that version misunderstands a refresh by marks: one that cannot be read as a version might. */
export function isOlder(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? []
  if (major === undefined || minor === undefined) return true
  const [since, sinceMinor] = marksSince
  return Number(major) < since || (Number(major) === since && Number(minor) < sinceMinor)
}

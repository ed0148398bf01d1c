/** What is said of how tasks went, in English. */
export const statsEn = {
  tab: 'How they went',
  text: (days: number, zone: string) => `What ended in the last ${days} days, by day in ${zone}`,
  days: (n: number) => `${n} days`,
  span: 'Span',
  type: 'Type',
  others: 'all other types',
  finished: 'Ended',
  succeeded: 'Succeeded',
  failed: 'Failed',
  canceled: 'Canceled',
  p50: 'p50',
  p95: 'p95',
  p50Text: 'Half of the attempts that succeeded took no longer',
  p95Text: '95 in a hundred of the attempts that succeeded took no longer',
  byDay: 'By day',
  day: 'Day',
  dayOf: (type: string) => `${type} by day`,
  chart: (type: string, days: number, most: string) =>
    `${type} by day: ended on ${days === 1 ? '1 day' : `${days} days`}, at most ${most} on one`,
  none: 'Nothing has ended in this span',
  noneText: 'As soon as tasks end, it stands here how many, and what they took.',
};

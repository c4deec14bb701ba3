/** Returns a duration as people write it: `0.4 s`, `30 s`, `2 min 5 s`, `1 h 3 min`. A negative duration is `0 s`. */
export function duration(milliseconds: number): string {
  const tenths = Math.round(Math.max(0, milliseconds) / 100);
  if (tenths < 600) return `${tenths / 10} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return inUnits(minutes, 'min', seconds % 60, 's');
  return inUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function inUnits(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** Returns seconds with three decimals, as JUnit files have them. */
export function inSeconds(milliseconds: number): string {
  return (Math.max(0, milliseconds) / 1000).toFixed(3);
}

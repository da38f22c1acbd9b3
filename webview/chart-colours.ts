/** Asks the page for the colours in force: called for each picture, so that nothing outlives a change of theme. */
import type { ChartColours } from './chart-painter';
import { isHighContrast } from './theme-watch';

export function resolveColours(element: Element, fontSize: number): ChartColours {
  const style = getComputedStyle(element);
  const tint = (name: string): string => style.getPropertyValue(`--temper-${name}`).trim() || style.color;
  return {
    tints: {
      train: tint('train'),
      'train-raw': tint('train-raw'),
      validation: tint('validation'),
      metric: tint('metric'),
      level: tint('level'),
    },
    foreground: tint('foreground'),
    dim: tint('dim'),
    grid: tint('grid'),
    surface: tint('surface'),
    font: `${fontSize}px ${style.fontFamily}`,
    highContrast: isHighContrast(),
  };
}

/** Measures, in the page, how well texts stand out from what lies behind them (WCAG 2, relative luminance). */
import { everyElement } from './deep';

export interface TextContrast {
  readonly text: string;
  readonly contrast: number;
  /** An icon: 3 to 1 is enough for it. */
  readonly isPicture: boolean;
}

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** Every visible text that belongs to nothing disabled. */
export function measureContrasts(): TextContrast[] {
  return everyElement(document.body)
    .filter((element) => element.checkVisibility() && !element.matches(':disabled, style, script'))
    .flatMap((element) => {
      const text = ownText(element);
      const isPicture = element.getAttribute('role') === 'img';
      return text === '' ? [] : [{ text, contrast: contrastOf(element), isPicture }];
    });
}

function ownText(element: Element): string {
  const texts = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
  return texts.map(({ textContent }) => (textContent ?? '').trim()).join('');
}

function contrastOf(element: Element): number {
  const below = backgroundOf(element);
  const text = luminanceOf(blend(parseColour(getComputedStyle(element).color), below));
  const ground = luminanceOf(below);
  return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
}

function backgroundOf(element: Element | null): Colour {
  if (element === null) return [255, 255, 255, 1];
  const background = parseColour(getComputedStyle(element).backgroundColor);
  return background[3] === 1 ? background : blend(background, backgroundOf(parentOf(element)));
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.assignedSlot ?? element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

function blend(top: Colour, below: Colour): Colour {
  const mix = (index: 0 | 1 | 2): number => top[index] * top[3] + below[index] * (1 - top[3]);
  return [mix(0), mix(1), mix(2), 1];
}

/** rgb(1, 2, 3), rgba(1, 2, 3, 0.5) and color(srgb 0.1 0.2 0.3). */
function parseColour(text: string): Colour {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  const unit = text.startsWith('color(srgb') ? 255 : 1;
  return [red * unit, green * unit, blue * unit, alpha];
}

function luminanceOf([red, green, blue]: Colour): number {
  const linear = (value: number): number => (value <= 10.01 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** The browser that the element tests share ends with the last of them. */
import { closeBrowser } from './browser';

after(closeBrowser);

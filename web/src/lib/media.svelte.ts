/** Width classes of the window, as state. */

import { MediaQuery } from "svelte/reactivity";

/** A phone: the rail is a bar and drawers are sheets. */
export const narrow = new MediaQuery("max-width: 720px", false);

/** The moon beside the name, on a 16-pixel grid; the server draws it on its own page as well. */
export const moonPath = 'M13.5 9.75A5.9 5.9 0 0 1 6.25 2.5a5.75 5.75 0 1 0 7.25 7.25z';

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The local time as C's asctime has it: Thu Sep  3 12:34:56 2020. */
export function asctime(date: Date): string {
  const day = String(date.getDate()).padStart(3);
  return `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]}${day} ${
    date.toTimeString().slice(0, 8)
  } ${date.getFullYear()}`;
}

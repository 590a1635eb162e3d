/** The layer "Recent change": how long ago the map saw anything about a page change. */
import { makeLayer, plain } from '../mapLayer';

export const recentChangeLayer = makeLayer(
    { id: 'recentChange', name: 'Recent change', onlyFor: 'live' },
    {
        'last-refresh': plain('By the last refresh', 'changed', 'Something about the page differs from the refresh before.'),
        'ten-seconds': plain('Up to 10 seconds ago', 'changedLately', 'It last changed up to 10 seconds before the last refresh.'),
        minute: plain('Up to a minute ago', 'changedBefore', 'It last changed up to a minute before the last refresh.'),
        longer: plain('Longer ago, or never', 'quiet', 'No change was seen for a minute, or since the map was opened.'),
    },
    ({ changed }) => changed ?? 'longer',
);

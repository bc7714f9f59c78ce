namespace Outbox.Relay;

/// <summary>Ids that reads have skipped. An identity value is taken before its transaction commits, so a skipped id may
/// become a row later; it is looked for until nobody who could have taken it is left.</summary>
internal sealed class GapRanges
{
    // So many ranges cost a read more than walking what lies between them.
    private const int MaxRanges = 1_000;

    private readonly record struct Gap(long Low, long High, Watch Watch);

    private List<Gap> _gaps = [];

    public long[] Lows => [.. _gaps.Select(gap => gap.Low)];

    public long[] Highs => [.. _gaps.Select(gap => gap.High)];

    /// <summary>True while some range waits to learn who may still fill it.</summary>
    public bool NeedsHolders => _gaps.Exists(gap => !gap.Watch.LastLook);

    /// <summary>Begins with one range over everything up to <paramref name="high"/>.</summary>
    /// <param name="high">An id that has been given out.</param>
    /// <param name="holders">Who held ids after <paramref name="high"/> was read: nobody else can fill the range.</param>
    public void Begin(long high, HashSet<string> holders)
    {
        var watch = new Watch();
        watch.Observe(holders);
        _gaps = [new Gap(long.MinValue, high, watch)];
    }

    /// <summary>Gives everything between the ranges up to <paramref name="high"/> one look.</summary>
    public void LookEverywhereUpTo(long high)
    {
        var once = new Watch();
        once.Observe([]);
        var all = new List<Gap>();
        var low = long.MinValue;
        foreach (var gap in _gaps)
        {
            if (gap.Low > low)
            {
                all.Add(new Gap(low, gap.Low - 1, once));
            }

            all.Add(gap);
            low = gap.High + 1;
        }

        AddIfAny(all, low, high, once);
        _gaps = all;
    }

    /// <summary>Takes in what one read has found.</summary>
    /// <param name="ids">All ids found, ascending.</param>
    /// <param name="complete">Up to this id the read has seen everything there was.</param>
    /// <param name="cursor">Where the page began; everything it skipped above becomes a gap.</param>
    public void Found(IReadOnlyList<long> ids, long complete, long cursor)
    {
        var next = new List<Gap>();
        var at = 0;
        foreach (var gap in _gaps)
        {
            // What has had its last look up to here will not be filled any more.
            var low = gap.Watch.LastLook && complete >= gap.Low ? Math.Min(complete, gap.High) + 1 : gap.Low;
            while (at < ids.Count && ids[at] <= gap.High)
            {
                AddIfAny(next, low, ids[at] - 1, gap.Watch);
                low = Math.Max(low, ids[at++] + 1);
            }

            AddIfAny(next, low, gap.High, gap.Watch);
        }

        var watch = new Watch();
        foreach (var id in ids)
        {
            if (id > cursor)
            {
                AddIfAny(next, cursor + 1, id - 1, watch);
                cursor = id;
            }
        }

        _gaps = next.Count <= MaxRanges ? next : [new Gap(next[0].Low, next[^1].High, Watch.OfAll(next.Select(gap => gap.Watch)))];
    }

    /// <summary>Takes in who holds ids at this moment, after the last read. A range whose every possible holder has ended
    /// gets one more look, by a read that begins after this: it sees whatever they committed.</summary>
    public void Observe(HashSet<string> holders)
    {
        foreach (var watch in _gaps.Select(gap => gap.Watch).Distinct())
        {
            watch.Observe(holders);
        }
    }

    private static void AddIfAny(List<Gap> gaps, long low, long high, Watch watch)
    {
        if (low <= high)
        {
            gaps.Add(new Gap(low, high, watch));
        }
    }

    /// <summary>Who could still fill the ranges that were first seen together.</summary>
    private sealed class Watch
    {
        private HashSet<string>? _holders;

        public bool LastLook { get; private set; }

        /// <summary>One that ends when all of these have ended. Begun anew, it would wait for whoever came since too, and for ever where
        /// pages fall into so many ranges again and again.</summary>
        public static Watch OfAll(IEnumerable<Watch> watches)
        {
            var all = new Watch();
            var known = watches.Distinct().ToList();
            if (known.TrueForAll(watch => watch._holders is not null))
            {
                all.Observe([.. known.SelectMany(watch => watch._holders!)]);
            }

            return all;
        }

        public void Observe(HashSet<string> holders)
        {
            _holders = _holders is null ? holders : [.. _holders.Intersect(holders)];
            LastLook = _holders.Count == 0;
        }
    }
}

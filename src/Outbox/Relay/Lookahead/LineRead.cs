namespace Outbox.Relay;

/// <summary>One read of a key's line: its first <paramref name="most"/> rows from the id <paramref name="from"/> on.</summary>
internal sealed class LineRead(KeyLine line, long from, int most)
{
    private readonly int _version = line.Version;
    private int _seen;
    private long? _last;

    public KeyLine Line => line;

    public long From => from;

    public int Most => most;

    /// <summary>The page has come. False if the line has changed too much since the read began: it is left for a later one.</summary>
    public bool TryBegin() => line.TryTakeIn(from, _version);

    /// <summary>Takes note of a row of the key in the page, in the order of ids.</summary>
    public void Saw(long id)
    {
        // One that two branches of the statement have found counts once.
        if (id < from || id == _last)
        {
            return;
        }

        _last = id;
        if (++_seen == most)
        {
            line.GoOnFrom(id + 1);
        }
    }

    /// <summary>The page has been taken in, and held everything up to the id <paramref name="complete"/>, which may be before the line's
    /// rows: those of others can fill a page.</summary>
    public void End(long complete)
    {
        if (_seen < most)
        {
            line.EndReadAt(complete, from);
        }
    }
}

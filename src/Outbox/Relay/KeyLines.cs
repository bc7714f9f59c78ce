using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The lines of all keys that have rows on their way, in memory or held back. Guarded by the lock of the
/// lookahead that it is part of.</summary>
internal sealed class KeyLines
{
    private const int MaxPerRead = 64;

    private readonly Dictionary<string, KeyLine> _lines = new(StringComparer.Ordinal);
    private readonly HashSet<KeyLine> _hungry = [];

    /// <summary>Whether rows of some key are only in the table and may be read now or soon.</summary>
    public bool HaveEvicted => _lines.Values.Any(line => line.EvictedFrom is not null && line.BlockedAt is null);

    public IReadOnlyList<KeyLine> Blocked => [.. _lines.Values.Where(line => line.BlockedAt is not null)];

    /// <summary>The line of the key, a new one where there is none.</summary>
    public KeyLine Of(string key)
    {
        if (!_lines.TryGetValue(key, out var line))
        {
            _lines.Add(key, line = new KeyLine(key));
        }

        return line;
    }

    /// <summary>The keys whose rows the next read fetches again, and from which id.</summary>
    public (string[] Keys, long[] From) Wanted()
    {
        var lines = _hungry.Take(MaxPerRead).ToArray();
        return ([.. lines.Select(line => line.Key)], [.. lines.Select(line => line.EvictedFrom!.Value)]);
    }

    /// <summary>The lines of these keys, ready to take in what was read again, and from where each was read. One that was blocked or
    /// evicted anew since the read began is left for a later read.</summary>
    public List<(KeyLine Line, long From)> BeginReadAgain(string[] keys, long[] from)
    {
        var again = new List<(KeyLine, long)>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (_lines.TryGetValue(keys[i], out var line) && line.EvictedFrom == from[i] && line.BlockedAt is null)
            {
                line.EvictedFrom = null;
                again.Add((line, from[i]));
            }
        }

        return again;
    }

    /// <summary>Gives out the line's next row, if it may go now.</summary>
    public bool TryPromote(KeyLine line, [NotNullWhen(true)] out OutboxRow? next)
    {
        next = line.Next();
        if (line.IsOver)
        {
            _lines.Remove(line.Key);
        }

        return next is not null;
    }

    /// <summary>Notes whether the line wants to be read again.</summary>
    /// <returns>True if it does since now.</returns>
    public bool BecameHungry(KeyLine line)
    {
        if (line.WantsReading)
        {
            return _hungry.Add(line);
        }

        _hungry.Remove(line);
        return false;
    }
}

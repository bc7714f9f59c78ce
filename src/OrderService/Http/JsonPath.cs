using System.Globalization;
using System.Text;

namespace OrderService.Http;

/// <summary>Where a reader stands in a document.</summary>
internal sealed class JsonPath
{
    private const int LongestName = 64;

    private readonly Stack<Level> _levels = new();

    /// <summary>How many objects and arrays are open.</summary>
    public int Depth => _levels.Count;

    /// <summary>The path without indexes, such as items[].name.</summary>
    public string Shape => Write(_ => "[]");

    /// <summary>An object or array begins.</summary>
    public void Enter(bool isObject) => _levels.Push(isObject ? new Level([]) : new Level(null));

    /// <summary>An object or array ends.</summary>
    public void Leave() => _levels.Pop();

    /// <summary>A property begins; false if the object had it before.</summary>
    public bool TryName(string name)
    {
        var level = _levels.Peek();
        level.Name = name;
        return level.Names!.Add(name);
    }

    /// <summary>A value has ended.</summary>
    public void Next()
    {
        if (_levels.TryPeek(out var level))
        {
            level.Name = null;
            level.Index++;
        }
    }

    /// <summary>Such as items[0].name; "$" for the document as a whole.</summary>
    public override string ToString() => Write(index => string.Create(CultureInfo.InvariantCulture, $"[{index}]"));

    private string Write(Func<int, string> writeIndex)
    {
        var path = new StringBuilder();
        foreach (var level in _levels.Reverse())
        {
            if (level.Names is null)
            {
                path.Append(writeIndex(level.Index));
            }
            else if (level.Name is { } name)
            {
                path.Append(path.Length == 0 ? "" : ".").Append(name.Length <= LongestName ? name : name[..LongestName] + "…");
            }
        }

        return path.Length == 0 ? JsonWalk.Root : path.ToString();
    }

    private sealed class Level(HashSet<string>? names)
    {
        /// <summary>The names an object has given so far; null for an array.</summary>
        public HashSet<string>? Names => names;

        public string? Name { get; set; }

        public int Index { get; set; }
    }
}

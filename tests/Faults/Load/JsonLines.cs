using System.Text.Json;
using System.Text.Json.Serialization;

namespace Faults;

/// <summary>JSON Lines: one value a line, as they come.</summary>
internal static class JsonLines
{
    public static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static IEnumerable<T> Read<T>(string file) => File.ReadLines(file).Select(line => JsonSerializer.Deserialize<T>(line, Format)!);
}

/// <summary>Appends to a file of JSON Lines; any number of threads may write.</summary>
internal sealed class JsonLinesWriter<T>(string file) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _lines = new(file, append: false);

    public void Write(T value)
    {
        var line = JsonSerializer.Serialize(value, JsonLines.Format);
        lock (_lock)
        {
            _lines.WriteLine(line);
        }
    }

    public void Flush()
    {
        lock (_lock)
        {
            _lines.Flush();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _lines.Dispose();
        }
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Messaging;

/// <summary>Reads one section of the configuration. Every fault is collected, so that one start tells all of them: a value
/// that is not understood, one out of bounds, a name that nobody knows.</summary>
internal sealed partial class SettingsSection(IConfigurationSection section)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, SettingsSection> _subsections = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _faults = [];

    public int Integer(string name, int fallback, int min, int max) => Read(
        name, fallback, $"a whole number from {min} to {max}",
        text => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : null);

    public double Number(string name, double fallback, double min, double max) => Read(
        name, fallback, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : (double?)null);

    public TimeSpan Duration(string name, TimeSpan fallback, TimeSpan min, TimeSpan max) => Read(
        name, fallback, $"a duration from {Text(min)} to {Text(max)}, written as 500ms, 15s, 5min, 1h, 7d or hh:mm:ss below 24 hours",
        text => TryParse(text, out var value) && value >= min && value <= max ? value : (TimeSpan?)null);

    public string ShortText(string name, string fallback)
    {
        var value = section[name] ?? fallback;
        _known.Add(name);
        if (value.Length == 0 || !WireBounds.IsShortString(value))
        {
            Refuse(name, value, $"1 to {WireBounds.MaxShortStringBytes} UTF-8 bytes");
        }

        return value;
    }

    public TEnum OneOf<TEnum>(string name, TEnum fallback)
        where TEnum : struct, Enum
    {
        var names = Enum.GetNames<TEnum>();
        return Read(
            name, fallback, string.Join(" or ", names.Select(known => known.ToLowerInvariant())),
            text => names.Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<TEnum>(text, ignoreCase: true) : (TEnum?)null);
    }

    /// <summary>A section within this one; its faults are told with those of this one.</summary>
    public SettingsSection Subsection(string name)
    {
        _known.Add(name);
        var subsection = new SettingsSection(section.GetSection(name));
        _subsections.Add(name, subsection);
        return subsection;
    }

    /// <summary>Adds the fault that <paramref name="value"/> of <paramref name="name"/> is not <paramref name="bound"/>.</summary>
    public void Refuse(string name, object value, string bound) => _faults.Add($"{SettingName.OfKey(section.Path)}__{name} is \"{value}\": it must be {bound}.");

    /// <exception cref="SettingsException">Something was refused, or a name is not one of those that were read.</exception>
    public void ThrowIfRefused()
    {
        var faults = Faults().ToList();
        if (faults.Count > 0)
        {
            throw new SettingsException(string.Join(Environment.NewLine, faults));
        }
    }

    private IEnumerable<string> Faults() => _faults
        .Concat(FaultsOfSection())
        .Concat(section.GetChildren().SelectMany(FaultsOf))
        .Concat(_subsections.Values.SelectMany(subsection => subsection.Faults()));

    private IEnumerable<string> FaultsOfSection() => section.Value is { Length: > 0 } value
        ? [$"{SettingName.OfKey(section.Path)} is \"{value}\": it must be left unset: the names under it are {Names}."]
        : [];

    private IEnumerable<string> FaultsOf(IConfigurationSection child)
    {
        if (!_known.Contains(child.Key))
        {
            return [$"{SettingName.OfKey(child.Path)} is not a setting: the names under {SettingName.OfKey(section.Path)} are {Names}."];
        }

        return _subsections.ContainsKey(child.Key)
            ? []
            : child.GetChildren().Select(
                grandchild => $"{SettingName.OfKey(grandchild.Path)} is not a setting: {SettingName.OfKey(child.Path)} is a value, not a section.");
    }

    private string Names => string.Join(", ", _known.Order());

    private T Read<T>(string name, T fallback, string bound, Func<string, T?> parse)
        where T : struct
    {
        _known.Add(name);
        if (section[name] is not { } text)
        {
            return fallback;
        }

        if (parse(text.Trim()) is { } value)
        {
            return value;
        }

        Refuse(name, text, bound);
        return fallback;
    }

    private static bool TryParse(string text, out TimeSpan value)
    {
        if (DurationPattern().Match(text) is not { Success: true } match)
        {
            // A bare number would mean days to TimeSpan.Parse: 500 for half a second would become a year and a half.
            // And the lenient form takes 24:00:00 for 24 days.
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value) && (text.Contains(':') || value == TimeSpan.Zero);
        }

        var amount = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var unit = match.Groups[2].Value.ToUpperInvariant() switch
        {
            "MS" => TimeSpan.FromMilliseconds(1),
            "S" => TimeSpan.FromSeconds(1),
            "M" or "MIN" => TimeSpan.FromMinutes(1),
            "H" => TimeSpan.FromHours(1),
            _ => TimeSpan.FromDays(1),
        };
        var fits = amount < TimeSpan.MaxValue / unit;
        value = fits ? amount * unit : TimeSpan.Zero;
        return fits;
    }

    /// <summary>In the largest unit that needs no fraction.</summary>
    private static string Text(TimeSpan value) => value switch
    {
        _ when value == TimeSpan.Zero => "0 s",
        _ when IsWhole(value, TimeSpan.TicksPerDay) => $"{value.TotalDays} d",
        _ when IsWhole(value, TimeSpan.TicksPerHour) => $"{value.TotalHours} h",
        _ when IsWhole(value, TimeSpan.TicksPerMinute) => $"{value.TotalMinutes} min",
        _ when IsWhole(value, TimeSpan.TicksPerSecond) => $"{value.TotalSeconds} s",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds} ms"),
    };

    private static bool IsWhole(TimeSpan value, long unit) => value.Ticks % unit == 0;

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|min|h|d)$", RegexOptions.IgnoreCase)]
    private static partial Regex DurationPattern();
}

using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Messaging;

/// <summary>Reads one section of the configuration. Every fault is collected, so that one start tells all of them: a value
/// that is not understood, one out of bounds, a name that nobody knows.</summary>
internal sealed partial class SettingsSection(IConfigurationSection section)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<SettingsSection> _subsections = [];
    private readonly List<string> _faults = [];

    public int Integer(string name, int fallback, int min, int max) => Read(
        name, fallback, $"a whole number from {min} to {max}",
        text => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : null);

    public double Number(string name, double fallback, double min, double max) => Read(
        name, fallback, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : (double?)null);

    public TimeSpan Duration(string name, TimeSpan fallback, TimeSpan min, TimeSpan max) => Read(
        name, fallback, $"a duration from {Text(min)} to {Text(max)}, written as 500ms, 15s, 5min, 1h, 7d or hh:mm:ss",
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
        _subsections.Add(subsection);
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
        .Concat(section.GetChildren().Where(child => !_known.Contains(child.Key))
            .Select(child => $"{SettingName.OfKey(child.Path)} is not a setting: the names under {SettingName.OfKey(section.Path)} are {string.Join(", ", _known.Order())}."))
        .Concat(_subsections.SelectMany(subsection => subsection.Faults()));

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
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) && (text.Contains(':') || value == TimeSpan.Zero);
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

    private static string Text(TimeSpan value) => value switch
    {
        _ when value < TimeSpan.FromSeconds(1) && value != TimeSpan.Zero => $"{value.TotalMilliseconds:0} ms",
        _ when value < TimeSpan.FromMinutes(1) => $"{value.TotalSeconds:0} s",
        _ when value < TimeSpan.FromHours(1) => $"{value.TotalMinutes:0} min",
        _ when value < TimeSpan.FromDays(1) => $"{value.TotalHours:0} h",
        _ => $"{value.TotalDays:0} d",
    };

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|min|h|d)$", RegexOptions.IgnoreCase)]
    private static partial Regex DurationPattern();
}

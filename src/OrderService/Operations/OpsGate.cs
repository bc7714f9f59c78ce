using System.Security.Cryptography;
using System.Text;
using Messaging;

namespace OrderService.Operations;

/// <summary>Guards everything under /ops: without a configured token it does not exist outside Development, with one it
/// asks for it.</summary>
internal sealed class OpsGate(RequestDelegate next, IConfiguration configuration, IHostEnvironment environment)
{
    public const string Path = "/ops";
    public const string Setting = "Operations:Token";

    private const int ShortestToken = 16;
    private const string Scheme = "Bearer ";

    private readonly string? _token = ReadToken(configuration);

    /// <summary>The configured token; null where there is none.</summary>
    /// <exception cref="SettingsException">It is shorter than 16 characters.</exception>
    public static string? ReadToken(IConfiguration configuration) => configuration[Setting] is { Length: < ShortestToken } token
        ? throw new SettingsException($"{SettingName.OfKey(Setting)} has {token.Length} characters: it must have at least {ShortestToken}.")
        : configuration[Setting];

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase))
        {
            return next(context);
        }

        if (_token is null)
        {
            return environment.IsDevelopment() ? next(context) : RefuseAsync(context, StatusCodes.Status404NotFound);
        }

        if (IsToken(context.Request.Headers.Authorization.ToString(), _token))
        {
            return next(context);
        }

        context.Response.Headers.WWWAuthenticate = Scheme.Trim();
        return RefuseAsync(context, StatusCodes.Status401Unauthorized);
    }

    // In the same time whatever is wrong: the time that a comparison takes would give the token away, character by character.
    private static bool IsToken(string authorization, string token) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..])), SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static Task RefuseAsync(HttpContext context, int status)
    {
        // The status code pages write the body.
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}

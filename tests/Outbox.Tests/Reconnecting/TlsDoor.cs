using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Outbox.Tests.Reconnecting;

/// <summary>TLS before a server that has none, with a certificate for a host of the test's choice by an authority of its own.</summary>
internal sealed class TlsDoor : IDisposable
{
    private readonly string _host;
    private readonly int _target;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closed = new();
    private X509Certificate2 _certificate;

    /// <param name="host">Where the server is.</param>
    /// <param name="target">Its port.</param>
    /// <param name="certified">The host that the certificate is for.</param>
    public TlsDoor(string host, int target, string certified)
    {
        (_host, _target) = (host, target);
        var request = new CertificateRequest("CN=Test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = For(certified);
        AuthorityFile = Path.GetTempFileName();
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The certificate of the authority, for SSL_CERT_FILE.</summary>
    public string AuthorityFile { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From the next connection on it has a certificate for <paramref name="host"/>.</summary>
    public void Certify(string host) => _certificate = For(host);

    public void Dispose()
    {
        _closed.Cancel();
        _listener.Dispose();
        _closed.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
        _key.Dispose();
        File.Delete(AuthorityFile);
    }

    private X509Certificate2 For(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptTcpClientAsync(_closed.Token));
            }
        }
        catch (Exception)
        {
            // It is closed.
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var inside = new SslStream(client.GetStream());
                await inside.AuthenticateAsServerAsync(_certificate);
                using var server = new TcpClient();
                await server.ConnectAsync(_host, _target, _closed.Token);
                await using var outside = server.GetStream();
                await Task.WhenAny(inside.CopyToAsync(outside, _closed.Token), outside.CopyToAsync(inside, _closed.Token));
            }
        }
        catch (Exception)
        {
            // One of both has gone, or the client does not want the certificate.
        }
    }
}
